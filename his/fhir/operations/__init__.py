"""Operations (`$name`): what they declare, how they are found and asked, and those that the engine answers by itself.

http://hl7.org/fhir/R4/operations.html.
"""
