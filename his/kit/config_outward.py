"""Settings of what goes over the walls of the house: other systems, measurements, and how much one client may ask."""

import ipaddress
import re

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class Outward(BaseSettings):
    """Part of `Settings` (config.py)."""

    smart_jwks_hosts: str = Field(
        "",
        description="Hosts (host or host:port, separated by spaces) from which JWK sets of SMART clients may be fetched.",
    )
    import_sources: str = Field(
        "",
        description="Addresses from which `$import` may fetch files: beginnings of URLs, separated by spaces. "
        "Empty: only files that the client sends itself.",
    )
    subscription_targets: str = Field(
        "",
        description="Addresses that FHIR subscriptions may notify: beginnings of URLs, separated by spaces. "
        "Empty: no subscription is accepted.",
    )
    outbound_networks: str = Field(
        "",
        description="Networks of the house (CIDR, separated by spaces) into which the names of the listed hosts, sources and "
        "targets may lead. Empty: names must lead to public addresses; an address listed as a number is meant as it stands.",
    )

    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="TCP port, loopback only, on which the worker shows measurements to Prometheus (`/metrics`). 0: none.",
    )
    traces_url: str = Field(
        "",
        description="Address of an OpenTelemetry collector (OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces). "
        "Empty: no traces. A trace holds routes, codes and times, never a name, a number or an address of a record.",
    )
    person_requests_per_second: int = Field(
        100, ge=1, le=10_000, description="Requests one signed-in person may send a second, steadily."
    )
    client_requests_per_second: int = Field(
        5000, ge=1, le=100_000, description="Requests one machine client may send a second, steadily."
    )
    unit_requests_per_second: int = Field(
        8000, ge=1, le=100_000, description="Requests all people and clients of one unit may send a second, steadily."
    )

    @field_validator("outbound_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in value.split():
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise ValueError(f"{network}: not a network such as 10.1.0.0/16") from None
        return value

    @field_validator("import_sources", "subscription_targets")
    @classmethod
    def _addresses(cls, value: str) -> str:
        """Each must reach behind the host name: `https://his.example` would also begin `https://his.example.evil`."""
        for address in value.split():
            if not re.match(r"https?://[^/\s@?#]+/", address):
                raise ValueError("each must be an address like https://host/path/, with a slash behind the host")
        return value
