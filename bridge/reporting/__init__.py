"""What lined up and what was lost: the numbers apart from how they look."""

from bridge.reporting.auditing.audit import AuditReport, audit
from bridge.reporting.making import make_report
from bridge.reporting.report import RemapReport

__all__ = ["AuditReport", "RemapReport", "audit", "make_report"]
