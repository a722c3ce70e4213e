"""Answers of AWS that say no."""

from __future__ import annotations

from sandbox.plugin.problems import Answer, reads


@reads
def read(error: BaseException) -> Answer | None:
    """An answer of AWS in the form of its SDK for Go, which the real provider prints."""
    response = getattr(error, "response", None)
    said = response.get("Error", {}) if isinstance(response, dict) else {}
    if not response or not said.get("Code"):
        return None
    meta = response.get("ResponseMetadata", {})
    line = (
        f"operation error {getattr(error, 'operation_name', '')}: https response error StatusCode: "
        f"{meta.get('HTTPStatusCode', 0)}, RequestID: {meta.get('RequestId', '')}, {said['Code']}: {said.get('Message', '')}"
    )
    return Answer(str(said["Code"]), line)
