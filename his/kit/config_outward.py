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
