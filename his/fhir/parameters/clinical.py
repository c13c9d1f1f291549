"""Search parameters of clinical records, after http://hl7.org/fhir/R4/searchparameter-registry.html."""

PARAMETERS: dict[str, str] = {
    "Encounter": """
        account reference account
        appointment reference appointment
        based-on reference basedOn
        class token class
        date date period
        diagnosis reference diagnosis.condition
        episode-of-care reference episodeOfCare
        identifier token identifier
        location reference location.location
        location-period date location.period
        part-of reference partOf
        participant reference participant.individual
        participant-type token participant.type
        patient reference subject:Patient
        practitioner reference participant.individual:Practitioner
        reason-code token reasonCode
        reason-reference reference reasonReference
        service-provider reference serviceProvider
        special-arrangement token hospitalization.specialArrangement
        status code status
        subject reference subject
        type token type
    """,
    "Condition": """
        abatement-date date abatementDateTime|abatementPeriod
        abatement-string string abatementString
        asserter reference asserter
        body-site token bodySite
        category token category
        clinical-status token clinicalStatus
        code token code
        encounter reference encounter
        evidence token evidence.code
        evidence-detail reference evidence.detail
        identifier token identifier
        onset-date date onsetDateTime|onsetPeriod
        onset-info string onsetString
        patient reference subject:Patient
        recorded-date date recordedDate
        severity token severity
        stage token stage.summary
        subject reference subject
        verification-status token verificationStatus
    """,
    "Observation": """
        based-on reference basedOn
        category token category
        code token code
        combo-code token code|component.code
        combo-data-absent-reason token dataAbsentReason|component.dataAbsentReason
        combo-value-concept token valueCodeableConcept|component.valueCodeableConcept
        component-code token component.code
        component-data-absent-reason token component.dataAbsentReason
        component-value-concept token component.valueCodeableConcept
        data-absent-reason token dataAbsentReason
        date date effectiveDateTime|effectivePeriod|effectiveInstant|effectiveTiming.event
        derived-from reference derivedFrom
        device reference device
        encounter reference encounter
        focus reference focus
        has-member reference hasMember
        identifier token identifier
        method token method
        part-of reference partOf
        patient reference subject:Patient
        performer reference performer
        specimen reference specimen
        status code status
        subject reference subject
        value-concept token valueCodeableConcept
        value-date date valueDateTime|valuePeriod
        value-string string valueString|valueCodeableConcept.text
    """,
    "Procedure": """
        based-on reference basedOn
        category token category
        code token code
        date date performedDateTime|performedPeriod
        encounter reference encounter
        identifier token identifier
        instantiates-canonical uri instantiatesCanonical
        instantiates-uri uri instantiatesUri
        location reference location
        part-of reference partOf
        patient reference subject:Patient
        performer reference performer.actor
        reason-code token reasonCode
        reason-reference reference reasonReference
        status code status
        subject reference subject
    """,
    "AllergyIntolerance": """
        asserter reference asserter
        category code category
        clinical-status token clinicalStatus
        code token code|reaction.substance
        criticality code criticality
        date date recordedDate
        identifier token identifier
        last-date date lastOccurrence
        manifestation token reaction.manifestation
        onset date reaction.onset
        patient reference patient
        recorder reference recorder
        route token reaction.exposureRoute
        severity code reaction.severity
        type code type
        verification-status token verificationStatus
    """,
    "Immunization": """
        date date occurrenceDateTime
        identifier token identifier
        location reference location
        lot-number string lotNumber
        manufacturer reference manufacturer
        patient reference patient
        performer reference performer.actor
        reaction reference reaction.detail
        reaction-date date reaction.date
        reason-code token reasonCode
        reason-reference reference reasonReference
        series string protocolApplied.series
        status code status
        status-reason token statusReason
        target-disease token protocolApplied.targetDisease
        vaccine-code token vaccineCode
    """,
    "DiagnosticReport": """
        based-on reference basedOn
        category token category
        code token code
        conclusion token conclusionCode
        date date effectiveDateTime|effectivePeriod
        encounter reference encounter
        identifier token identifier
        issued date issued
        media reference media.link
        patient reference subject:Patient
        performer reference performer
        result reference result
        results-interpreter reference resultsInterpreter
        specimen reference specimen
        status code status
        subject reference subject
    """,
    "DocumentReference": """
        authenticator reference authenticator
        author reference author
        category token category
        contenttype code content.attachment.contentType
        custodian reference custodian
        date date date
        description string description
        encounter reference context.encounter
        event token context.event
        facility token context.facilityType
        format token content.format
        identifier token masterIdentifier|identifier
        language code content.attachment.language
        location uri content.attachment.url
        patient reference subject:Patient
        period date context.period
        related reference context.related
        relatesto reference relatesTo.target
        relation code relatesTo.code
        security-label token securityLabel
        setting token context.practiceSetting
        status code status
        subject reference subject
        type token type
    """,
    "Composition": """
        attester reference attester.party
        author reference author
        category token category
        confidentiality code confidentiality
        context token event.code
        date date date
        encounter reference encounter
        entry reference section.entry
        identifier token identifier
        patient reference subject:Patient
        period date event.period
        related-id token relatesTo.targetIdentifier
        related-ref reference relatesTo.targetReference
        section token section.code
        status code status
        subject reference subject
        title string title
        type token type
    """,
    "CarePlan": """
        activity-code token activity.detail.code
        activity-date date activity.detail.scheduledPeriod|activity.detail.scheduledTiming.event
        activity-reference reference activity.reference
        based-on reference basedOn
        care-team reference careTeam
        category token category
        condition reference addresses
        date date period
        encounter reference encounter
        goal reference goal
        identifier token identifier
        instantiates-canonical uri instantiatesCanonical
        instantiates-uri uri instantiatesUri
        intent code intent
        part-of reference partOf
        patient reference subject:Patient
        performer reference activity.detail.performer
        replaces reference replaces
        status code status
        subject reference subject
    """,
    "CareTeam": """
        category token category
        date date period
        encounter reference encounter
        identifier token identifier
        participant reference participant.member
        patient reference subject:Patient
        status code status
        subject reference subject
    """,
    "Goal": """
        achievement-status token achievementStatus
        category token category
        identifier token identifier
        lifecycle-status code lifecycleStatus
        patient reference subject:Patient
        start-date date startDate
        subject reference subject
        target-date date target.dueDate
    """,
    "ImagingStudy": """
        basedon reference basedOn
        bodysite token series.bodySite
        dicom-class token series.instance.sopClass
        encounter reference encounter
        endpoint reference endpoint|series.endpoint
        identifier token identifier
        instance token series.instance.uid
        interpreter reference interpreter
        modality token series.modality
        patient reference subject:Patient
        performer reference series.performer.actor
        reason token reasonCode
        referrer reference referrer
        series token series.uid
        started date started
        status code status
        subject reference subject
    """,
    "ServiceRequest": """
        authored date authoredOn
        based-on reference basedOn
        body-site token bodySite
        category token category
        code token code
        encounter reference encounter
        identifier token identifier
        instantiates-canonical uri instantiatesCanonical
        instantiates-uri uri instantiatesUri
        intent code intent
        occurrence date occurrenceDateTime|occurrencePeriod|occurrenceTiming.event
        patient reference subject:Patient
        performer reference performer
        performer-type token performerType
        priority code priority
        replaces reference replaces
        requester reference requester
        requisition token requisition
        specimen reference specimen
        status code status
        subject reference subject
    """,
}
