"""Search parameters of people, places and appointments, after http://hl7.org/fhir/R4/searchparameter-registry.html."""

PARAMETERS: dict[str, str] = {
    "Patient": """
        active token active
        address string address
        address-city string address.city
        address-country string address.country
        address-postalcode string address.postalCode
        address-state string address.state
        address-use code address.use
        birthdate date birthDate
        death-date date deceasedDateTime
        deceased token deceasedBoolean|deceasedDateTime?
        email token telecom[system=email]
        family string name.family
        gender code gender
        general-practitioner reference generalPractitioner
        given string name.given
        identifier token identifier
        language token communication.language
        link reference link.other
        name string name
        organization reference managingOrganization
        phone token telecom[system=phone]
        telecom token telecom
    """,
    "Practitioner": """
        active token active
        address string address
        address-city string address.city
        address-country string address.country
        address-postalcode string address.postalCode
        address-state string address.state
        address-use code address.use
        communication token communication
        email token telecom[system=email]
        family string name.family
        gender code gender
        given string name.given
        identifier token identifier
        name string name
        phone token telecom[system=phone]
        telecom token telecom
    """,
    "PractitionerRole": """
        active token active
        date date period
        email token telecom[system=email]
        endpoint reference endpoint
        identifier token identifier
        location reference location
        organization reference organization
        phone token telecom[system=phone]
        practitioner reference practitioner
        role token code
        service reference healthcareService
        specialty token specialty
        telecom token telecom
    """,
    "Organization": """
        active token active
        address string address
        address-city string address.city
        address-country string address.country
        address-postalcode string address.postalCode
        address-state string address.state
        address-use code address.use
        endpoint reference endpoint
        identifier token identifier
        name string name|alias
        partof reference partOf
        type token type
    """,
    "Location": """
        address string address
        address-city string address.city
        address-country string address.country
        address-postalcode string address.postalCode
        address-state string address.state
        address-use code address.use
        endpoint reference endpoint
        identifier token identifier
        name string name|alias
        operational-status token operationalStatus
        organization reference managingOrganization
        partof reference partOf
        status code status
        type token type
    """,
    "Appointment": """
        actor reference participant.actor
        appointment-type token appointmentType
        based-on reference basedOn
        date date start
        identifier token identifier
        location reference participant.actor:Location
        part-status code participant.status
        patient reference participant.actor:Patient
        practitioner reference participant.actor:Practitioner
        reason-code token reasonCode
        reason-reference reference reasonReference
        service-category token serviceCategory
        service-type token serviceType
        slot reference slot
        specialty token specialty
        status code status
        supporting-info reference supportingInformation
    """,
    "Schedule": """
        active token active
        actor reference actor
        date date planningHorizon
        identifier token identifier
        service-category token serviceCategory
        service-type token serviceType
        specialty token specialty
    """,
    "Slot": """
        appointment-type token appointmentType
        identifier token identifier
        schedule reference schedule
        service-category token serviceCategory
        service-type token serviceType
        specialty token specialty
        start date start
        status code status
    """,
    "Task": """
        authored-on date authoredOn
        based-on reference basedOn
        business-status token businessStatus
        code token code
        encounter reference encounter
        focus reference focus
        group-identifier token groupIdentifier
        identifier token identifier
        intent code intent
        modified date lastModified
        owner reference owner
        part-of reference partOf
        patient reference for:Patient
        performer token performerType
        period date executionPeriod
        priority code priority
        requester reference requester
        status code status
        subject reference for
    """,
    "Device": """
        device-name string deviceName.name|type.coding.display|type.text
        identifier token identifier
        location reference location
        manufacturer string manufacturer
        model string modelNumber
        organization reference owner
        patient reference patient
        status code status
        type token type
        udi-carrier string udiCarrier.carrierHRF
        udi-di string udiCarrier.deviceIdentifier
        url uri url
    """,
    "Provenance": """
        agent reference agent.who
        agent-role token agent.role
        agent-type token agent.type
        entity reference entity.what
        location reference location
        patient reference target:Patient
        recorded date recorded
        signature-type token signature.type
        target reference target
        when date occurredDateTime|occurredPeriod
    """,
    "Measure": """
        composed-of uri relatedArtifact[type=composed-of].resource
        context token useContext.valueCodeableConcept
        context-type token useContext.code
        date date date
        depends-on uri relatedArtifact[type=depends-on].resource|library
        derived-from uri relatedArtifact[type=derived-from].resource
        description string description
        effective date effectivePeriod
        identifier token identifier
        jurisdiction token jurisdiction
        name string name
        predecessor uri relatedArtifact[type=predecessor].resource
        publisher string publisher
        status code status
        successor uri relatedArtifact[type=successor].resource
        title string title
        topic token topic
        url uri url
        version token version
    """,
    "MeasureReport": """
        date date date
        evaluated-resource reference evaluatedResource
        identifier token identifier
        measure uri measure
        patient reference subject:Patient
        period date period
        reporter reference reporter
        status code status
        subject reference subject
    """,
    "Subscription": """
        contact token contact
        criteria string criteria
        identifier token identifier
        payload code channel.payload
        status code status
        type code channel.type
        url uri channel.endpoint
    """,
    "ValueSet": """
        identifier token identifier
        status code status
        url uri url
    """,
}
