"""FHIR subscriptions: rest-hooks of R4 and the R5 topics backported to it, told from an outbox by the worker.

http://hl7.org/fhir/R4/subscription.html, http://hl7.org/fhir/uv/subscriptions-backport. An event is written with the change, so it
is never told before the commit and never lost; it is told at least once, in order, and again with growing pauses.
"""
