"""Life for the demonstration province: invented people go through the real services, the same every time."""

from his.demo.cli import register

__all__ = ["register"]
