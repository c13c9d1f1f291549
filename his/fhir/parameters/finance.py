"""Search parameters of cover, claims and money, after http://hl7.org/fhir/R4/searchparameter-registry.html."""

PARAMETERS: dict[str, str] = {
    "Coverage": """
        beneficiary reference beneficiary
        class-type token class.type
        class-value string class.value
        dependent string dependent
        identifier token identifier
        patient reference beneficiary:Patient
        payor reference payor
        policy-holder reference policyHolder
        status code status
        subscriber reference subscriber
        type token type
    """,
    "Claim": """
        care-team reference careTeam.provider
        created date created
        detail-udi reference item.detail.udi
        encounter reference item.encounter
        enterer reference enterer
        facility reference facility
        identifier token identifier
        insurer reference insurer
        item-udi reference item.udi
        patient reference patient
        payee reference payee.party
        priority token priority
        procedure-udi reference procedure.udi
        provider reference provider
        status code status
        subdetail-udi reference item.detail.subDetail.udi
        use code use
    """,
    "ClaimResponse": """
        created date created
        disposition string disposition
        identifier token identifier
        insurer reference insurer
        outcome code outcome
        patient reference patient
        payment-date date payment.date
        request reference request
        requestor reference requestor
        status code status
        use code use
    """,
    "ExplanationOfBenefit": """
        care-team reference careTeam.provider
        claim reference claim
        coverage reference insurance.coverage
        created date created
        detail-udi reference item.detail.udi
        disposition string disposition
        encounter reference item.encounter
        enterer reference enterer
        facility reference facility
        identifier token identifier
        item-udi reference item.udi
        patient reference patient
        payee reference payee.party
        procedure-udi reference procedure.udi
        provider reference provider
        status code status
        subdetail-udi reference item.detail.subDetail.udi
    """,
    "ChargeItem": """
        account reference account
        code token code
        context reference context
        entered-date date enteredDate
        enterer reference enterer
        identifier token identifier
        occurrence date occurrenceDateTime|occurrencePeriod|occurrenceTiming.event
        patient reference subject:Patient
        performer-actor reference performer.actor
        performer-function token performer.function
        performing-organization reference performingOrganization
        requesting-organization reference requestingOrganization
        service reference service
        subject reference subject
    """,
    "Invoice": """
        account reference account
        date date date
        identifier token identifier
        issuer reference issuer
        participant reference participant.actor
        participant-role token participant.role
        patient reference subject:Patient
        recipient reference recipient
        status code status
        subject reference subject
        type token type
    """,
}
