"""Search parameters of drugs and supplies, after http://hl7.org/fhir/R4/searchparameter-registry.html."""

PARAMETERS: dict[str, str] = {
    "Medication": """
        code token code
        expiration-date date batch.expirationDate
        form token form
        identifier token identifier
        ingredient reference ingredient.itemReference
        ingredient-code token ingredient.itemCodeableConcept
        lot-number token batch.lotNumber
        manufacturer reference manufacturer
        status code status
    """,
    "MedicationRequest": """
        authoredon date authoredOn
        category token category
        code token medicationCodeableConcept
        date date dosageInstruction.timing.event
        encounter reference encounter
        identifier token identifier
        intended-dispenser reference dispenseRequest.performer
        intended-performer reference performer
        intended-performertype token performerType
        intent code intent
        medication reference medicationReference
        patient reference subject:Patient
        priority code priority
        requester reference requester
        status code status
        subject reference subject
    """,
    "MedicationAdministration": """
        code token medicationCodeableConcept
        context reference context
        device reference device
        effective-time date effectiveDateTime|effectivePeriod
        identifier token identifier
        medication reference medicationReference
        patient reference subject:Patient
        performer reference performer.actor
        reason-given token reasonCode
        reason-not-given token statusReason
        request reference request
        status code status
        subject reference subject
    """,
    "MedicationDispense": """
        code token medicationCodeableConcept
        context reference context
        destination reference destination
        identifier token identifier
        medication reference medicationReference
        patient reference subject:Patient
        performer reference performer.actor
        prescription reference authorizingPrescription
        receiver reference receiver
        responsibleparty reference substitution.responsibleParty
        status code status
        subject reference subject
        type token type
        whenhandedover date whenHandedOver
        whenprepared date whenPrepared
    """,
    "SupplyDelivery": """
        identifier token identifier
        patient reference patient
        receiver reference receiver
        status code status
        supplier reference supplier
    """,
}
