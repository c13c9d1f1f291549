"""Passwords and tokens; where a sign-in may lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.identity.pages.local import local as _local
from his.identity.passwords import digest, hash_password, new_token, verify_password

STORED = hash_password("đúng mật khẩu")


def test_the_right_password_and_no_other():
    assert verify_password(STORED, "đúng mật khẩu")
    assert not verify_password(STORED, "đúng mật khẩu ")
    assert not verify_password(STORED, "")


def test_no_account_and_a_broken_hash_are_refused_like_a_wrong_password():
    assert not verify_password(None, "no such account")
    assert not verify_password("not a hash", "x")


def test_the_hash_is_argon2id_and_salted():
    assert STORED.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("x") != hash_password("x")


def test_tokens_do_not_repeat_and_only_their_digest_is_kept():
    made = {new_token() for _ in range(500)}
    assert len(made) == 500
    assert {len(t) for t in made} == {43}
    assert len({digest(t) for t in made}) == 500
    assert all(len(digest(t)) == 64 for t in made)


@pytest.mark.parametrize("address", ["/queue", "/visit/0198?tab=orders&x=1", "/", "/a#b", "/claims?month=2026-11"])
def test_a_path_of_this_host_may_follow(address):
    assert _local(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)", "evil.example",
        "/\t/evil.example", "/\n/evil.example", "/ /evil.example", " //evil.example", "///evil.example", "", "/a\r\nSet-Cookie: x=1",
        "/\x00/evil", "/a\\..\\b",
    ],
)  # fmt: skip
def test_another_host_may_not(address):
    assert _local(address) == ""


@given(st.text(max_size=30))
def test_what_follows_begins_with_one_slash(address):
    found = _local(address)
    assert found == "" or (found == address and found[0] == "/" and found[1:2] not in ("/", "\\"))
