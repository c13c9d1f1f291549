"""Traces of requests for an OpenTelemetry collector (OTLP over HTTP).

Read only where `traces_url` is set. A span has the route, the verb, the code and the number of statements; never an
address, a header, a form or the sentence of an error. A caller's `traceparent` is taken over.
"""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Scope

from his.kit.config import get_settings
from his.kit.requests import request_id
from his.kit.routes import route_of, verb_of
from his.kit.watched import Done, Watched, queries_of

SECONDS = 5


def provider(address: str) -> TracerProvider:
    """Spans in batches to the collector at `address`; what it does not take within seconds is dropped, nothing waits for it."""
    made = TracerProvider(resource=Resource.create({"service.name": "his"}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=address, timeout=SECONDS)))
    return made


class Layer(Watched):
    """One span for each request."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self.tracer = provider(get_settings().traces_url).get_tracer("his")
        self.propagator = TraceContextTextMapPropagator()

    def begin(self, scope: Scope) -> Done:
        """Begin the span, under that of the caller where there is one."""
        parent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        context = None if parent is None else self.propagator.extract({"traceparent": parent})
        span = self.tracer.start_span(verb_of(scope), context, kind=SpanKind.SERVER)

        def done(status: int) -> None:
            route, queries = route_of(scope), queries_of(scope)
            span.update_name(f"{verb_of(scope)} {route}")
            span.set_attribute("http.request.method", verb_of(scope))
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", status)
            span.set_attribute("his.request", request_id.get())
            if queries is not None:
                span.set_attribute("his.queries", queries)
            if status >= 500:
                span.set_status(StatusCode.ERROR)
            span.end()

        return done
