"""What lined up and what was lost: the numbers apart from how they look."""

from bridge.reporting.audit import AuditReport, audit
from bridge.reporting.report import RemapReport, make_report

__all__ = ["AuditReport", "RemapReport", "audit", "make_report"]
