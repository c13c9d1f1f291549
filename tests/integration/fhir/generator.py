"""Random searches that have something to find: values are taken from the resources, bent, cut and mixed."""

import random
import re
from typing import Any

from tests.integration.fhir.evaluator import COMMON, codings, definition, reference_of, standard, strings, texts
from tests.integration.fhir.inmemory import InMemory

PREFIXES = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
SORTABLE = ("date", "string", "token", "quantity", "number")


def escaped(text: str) -> str:
    return re.sub(r"([\\,|$])", r"\\\1", text)


class Generator:
    """Searches over the types and parameters of a memory, by chance."""

    def __init__(self, memory: InMemory, chance: random.Random) -> None:
        self.memory = memory
        self.chance = chance
        own = ("CodeSystem", "ValueSet")  # the lists of the house stand beside what the memory knows
        held = {kind: found for kind, found in memory.resources.items() if found and kind not in own}
        self.types = sorted(kind for kind in held if kind in standard())
        self.weights = [min(30, len(memory.resources[kind])) for kind in self.types]
        self.used: set[tuple[str, str]] = set()

    def search(self) -> tuple[str, list[tuple[str, str]]]:
        """A type and the pairs of a search."""
        (kind,) = self.chance.choices(self.types, self.weights)
        pairs = [self.pair(kind, 2) for _ in range(self.chance.choice([1, 1, 1, 2, 2, 3]))]
        if self.chance.random() < 0.25:
            pairs.append(("_sort", self.order(kind)))
        return kind, pairs

    def order(self, kind: str) -> str:
        names = [n for n, found in standard()[kind].items() if found["kind"] in SORTABLE and n != "deceased"]
        keys = self.chance.sample([*names, "_id", "_lastUpdated"], self.chance.choice([1, 2, 3]))
        return ",".join(self.chance.choice(["", "-"]) + key for key in keys)

    def pair(self, kind: str, depth: int) -> tuple[str, str]:
        """One parameter with a value; through other resources up to the depth."""
        roll = self.chance.random()
        if roll < 0.03:
            return "_id", ",".join(self.chance.sample(sorted(self.memory.resources[kind]), 1))
        if roll < 0.06 and depth == 2:
            resource = self.chance.choice(list(self.memory.resources[kind].values()))
            return "_lastUpdated", self.chance.choice(["", "gt", "lt", "ge", "le", "ne"]) + resource["meta"][
                "lastUpdated"
            ]
        if roll < 0.20 and depth:
            chained = self.chain(kind, depth)
            if chained:
                return chained
        if roll < 0.30 and depth:
            reverse = self.has(kind, depth)
            if reverse:
                return reverse
        names = [*standard()[kind], *COMMON]
        for _ in range(40):
            name = self.chance.choice(names)
            held = definition(kind, name)["kind"] == "special" or not any(self.memory.nodes(kind, name).values())
            if not held or self.chance.random() < 0.1:
                found = self.values(kind, name)
                if found:
                    self.used.add((kind, name))
                    return found
        return "_id", self.chance.choice(sorted(self.memory.resources[kind]))

    def chain(self, kind: str, depth: int) -> tuple[str, str] | None:
        names = [n for n, found in standard()[kind].items() if found["kind"] == "reference"]
        for name in self.chance.sample(names, len(names)):
            held = [node for nodes in self.memory.nodes(kind, name).values() for node in nodes]
            targets = {reference_of(node).split("/")[0] for node in self.chance.sample(held, min(5, len(held)))}
            known = sorted(targets & set(self.types))
            if known:
                target = self.chance.choice(known)
                inner, value = self.pair(target, depth - 1)
                if not inner.startswith(("_t", "_s", "_p", "_l", "_h")):
                    self.used.add((kind, name))
                    shown = name if self.memory.only_target(kind, name) == target else f"{name}:{target}"
                    return f"{shown}.{inner}", value
        return None

    def has(self, kind: str, depth: int) -> tuple[str, str] | None:
        for source in self.chance.sample(self.types, min(6, len(self.types))):
            names = [n for n, found in standard()[source].items() if found["kind"] == "reference"]
            for name in self.chance.sample(names, len(names)):
                if self.memory.pointing(kind, source, name):
                    inner, value = self.pair(source, depth - 1)
                    if not inner.startswith("_l"):
                        return f"_has:{source}:{name}:{inner}", value
        return None

    def values(self, kind: str, name: str) -> tuple[str, str] | None:
        """The parameter with a modifier and a value, or two values."""
        found = definition(kind, name)
        if found["kind"] == "special":
            return None
        held = [node for nodes in self.memory.nodes(kind, name).values() for node in nodes]
        if self.chance.random() < 0.08 and found["kind"] not in ("composite",):
            return f"{name}:missing", self.chance.choice(["true", "false"])
        nodes = [self.chance.choice(held) for _ in range(self.chance.choice([1, 1, 1, 2]))] if held else [None]
        write = getattr(self, "_" + found["kind"])
        made = [write(kind, found, node) for node in nodes]
        if None in made:
            return None
        modifier = made[0][0]
        same = [value for m, value in made if m == modifier]
        joined = same[:1] if modifier in (":in", ":not-in") else same
        return name + modifier, ",".join(joined)

    def _token(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        pairs = [(s, c) for s, c in codings(node) if c]
        roll = self.chance.random()
        sets = self.memory.resources.get("ValueSet", {})
        beside = texts(node)
        if roll < 0.1 and beside:
            text = self.chance.choice(beside)
            return ":text", escaped(text[: self.chance.randint(3, 12)].upper()) if len(text.strip()) > 3 else escaped(
                text
            )
        if roll < 0.16 and sets and "of-type" not in found:
            return self.chance.choice([":in", ":not-in"]), self.chance.choice(sorted(v["url"] for v in sets.values()))
        typed = codings(node["type"]) if isinstance(node, dict) and isinstance(node.get("type"), dict) else []
        if roll < 0.4 and typed and "value" in node:
            system, code = typed[0]
            return ":of-type", f"{escaped(system or '')}|{escaped(code)}|{escaped(node['value'])}"
        if not pairs:
            return (self.chance.choice(["", ":not"]), self.chance.choice(["true", "nothing"]))
        system, code = self.chance.choice(pairs)
        forms = [escaped(code), escaped(code) + "x"]
        if system:
            forms += [f"{escaped(system)}|{escaped(code)}"] * 3 + [f"|{escaped(code)}", f"{escaped(system)}|"]
        return self.chance.choice(["", "", "", ":not"]), self.chance.choice(forms)

    def _string(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        held = [text for text in strings(node) if re.search(r"\w", text) and len(text) < 200]
        if not held:
            return "", "zzz"
        text = self.chance.choice(held)
        roll = self.chance.random()
        if roll < 0.2:
            return ":exact", escaped(self.chance.choice([text, text.lower()]))
        if roll < 0.4:
            start = self.chance.randrange(len(text))
            part = text[start : start + self.chance.randint(2, 9)].strip()
            return (":contains", escaped(part.upper())) if re.search(r"\w", part) else ("", "zzz")
        pieces = re.findall(r"\w+", text)
        chosen = self.chance.sample(pieces, min(len(pieces), self.chance.choice([1, 1, 2])))
        return "", " ".join(
            piece[: self.chance.randint(1, len(piece))] for piece in chosen if "_" not in piece
        ) or "zzz"

    def _text(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        pieces = re.findall(r"[^\W_]+", re.sub(r"<[^>]*>", " ", str(node or "zzz")))
        return "", self.chance.choice(pieces or ["zzz"])

    def _date(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        text = node if isinstance(node, str) else None
        if isinstance(node, dict):
            text = self.chance.choice([node.get("start"), node.get("end")])
        elif node is not None:
            text = str(node)
        text = text or "2010-05-17"
        cut = self.chance.choice([4, 7, 10, 16, 19, 99])
        if 10 < cut < 99 and "T" in text:
            zone = re.search(r"(Z|[+-]\d\d:\d\d)$", text)
            text = text[:cut] + (zone[0] if zone else "")
        else:
            text = text[:cut] if cut < 99 else text
        return "", self.chance.choice(PREFIXES) + text

    def _quantity(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        number = node.get("value", (node.get("low") or {}).get("value", 1)) if isinstance(node, dict) else node or 1
        text = str(number)
        if "." in text and self.chance.random() < 0.5:
            text = text[: text.index(".") + self.chance.randint(0, 2)].rstrip(".")
        if self.chance.random() < 0.2:
            text = str(round(float(number) * self.chance.choice([0.5, 0.95, 1.02, 2]), 3))
        out = self.chance.choice(PREFIXES) + text
        if isinstance(node, dict) and found["kind"] == "quantity" and "value" in node:
            code, unit = node.get("code", node.get("currency")), node.get("unit")
            system = node.get("system", "urn:iso:std:iso:4217" if "currency" in node else None)
            forms = [""] + ([f"|{system}|{code}", f"||{code}"] if code and system else [])
            out += self.chance.choice([*forms, *([f"||{escaped(unit)}"] if unit else [])])
        return "", out

    _number = _quantity

    def _reference(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        if isinstance(node, str):
            return "", escaped(self.chance.choice([node, node.partition("|")[0]]))
        if isinstance(node, dict) and "identifier" in node and self.chance.random() < 0.5:
            held = node["identifier"]
            return ":identifier", f"{escaped(held.get('system', ''))}|{escaped(held.get('value', ''))}"
        parts = reference_of(node).split("/")
        if len(parts) != 2:
            return "", "Patient/nobody"
        return self.chance.choice([("", "/".join(parts)), ("", parts[1]), (f":{parts[0]}", parts[1])])

    def _uri(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        text = str(node or "urn:x:y")
        roll = self.chance.random()
        if roll < 0.3:
            return ":below", escaped(text[: self.chance.randint(max(1, len(text) - 8), len(text))])
        return (":above", escaped(text + "/more")) if roll < 0.5 else ("", escaped(text))

    def _composite(self, kind: str, found: dict[str, Any], node: Any) -> tuple[str, str] | None:
        halves = []
        for name, expression in found["parts"]:
            part = dict(definition(kind, name))
            held = [n for option in expression.split("|") for n in self.memory._below(node or {}, option.strip())]
            made = [("", "zzz")]
            for _ in range(20):
                value = getattr(self, "_" + part["kind"])(kind, part, held[0] if held else None)
                if value and value[0] == "":
                    made = [value]
                    break
            halves.append(made[0][1])
        if any(h == "zzz" for h in halves) and not node:
            return None
        return "", "$".join(halves)
