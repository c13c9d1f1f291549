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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from his.kit.config import get_settings
from his.kit.requests import request_id
from his.kit.routes import route_of, verb_of

SECONDS = 5


def provider(address: str) -> TracerProvider:
    """Spans in batches to the collector at `address`; what it does not take within seconds is dropped, nothing waits for it."""
    made = TracerProvider(resource=Resource.create({"service.name": "his"}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=address, timeout=SECONDS)))
    return made


class Layer:
    """One span for each request."""

    def __init__(self, app: ASGIApp, traces: TracerProvider | None = None) -> None:
        self.app = app
        self.tracer = (traces or provider(get_settings().traces_url)).get_tracer("his")
        self.propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name == b"traceparent"
        }
        status = 500
        span = self.tracer.start_span(verb_of(scope), self.propagator.extract(sent), kind=SpanKind.SERVER)

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            route = route_of(scope)
            span.update_name(f"{verb_of(scope)} {route}")
            span.set_attributes(
                {"http.request.method": verb_of(scope), "http.route": route, "http.response.status_code": status}
            )
            span.set_attribute("his.request", request_id.get())
            db = scope.get("state", {}).get("db")
            if db is not None:
                span.set_attribute("his.queries", db.queries)
            if status >= 500:
                span.set_status(StatusCode.ERROR)
            span.end()
