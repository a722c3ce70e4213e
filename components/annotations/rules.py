"""What annotations say together: each rule with the place where its controller says so."""

from __future__ import annotations

from components.annotations.rules_aws import AWS
from components.annotations.rules_others import OTHERS

RULES = (*AWS, *OTHERS)
