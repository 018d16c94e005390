"""What every error of the API looks like."""

from typing import Any


def assert_problem(response: Any, status: int, *, names: str = "") -> dict[str, Any]:
    """`response` is a problem document; `names` begins the place of one of its errors. Returns the document."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() >= {"type", "title", "status", "detail"}
    assert problem["status"] == status
    if names:
        # A union has an error for each of its branches, below the parameter.
        assert any(".".join(map(str, error["loc"])).startswith(names) for error in problem["errors"]), problem
    return problem
