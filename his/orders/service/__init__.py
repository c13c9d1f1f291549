"""What staff do with orders and results. Functions named `..._changes` and `..._request` only build; the others apply once."""

from his.orders.service.notices import acknowledge_notice, tell_notice
from his.orders.service.ordering import (
    assess_orders,
    describe_duplicates,
    exam_request,
    give_reason,
    new_request,
    order,
    request_changes,
    revoke,
    revoke_open_changes,
    set_payer,
)
from his.orders.service.results import (
    expected_tests,
    get_lab_tests,
    record_result,
    record_results,
    sign_result,
    sign_results,
    start,
)
from his.orders.store import (
    list_history,
    list_notices,
    list_observations,
    list_observations_of,
    list_open_notices,
    list_patient_requests,
    list_requests,
    load_staff_names,
)

__all__ = [
    "acknowledge_notice",
    "assess_orders",
    "describe_duplicates",
    "exam_request",
    "expected_tests",
    "get_lab_tests",
    "give_reason",
    "list_history",
    "list_notices",
    "list_observations",
    "list_observations_of",
    "list_open_notices",
    "list_patient_requests",
    "list_requests",
    "load_staff_names",
    "new_request",
    "order",
    "record_result",
    "record_results",
    "request_changes",
    "revoke",
    "revoke_open_changes",
    "set_payer",
    "sign_result",
    "sign_results",
    "start",
    "tell_notice",
]
