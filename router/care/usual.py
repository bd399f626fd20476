"""What a site calls its complaints where its configuration does not say: lists, promises, times. No decisions."""

from __future__ import annotations

import msgspec

from router.core.bundle import DAY_MS, HOUR_MS, Bundle
from router.core.complaints import Choice, ComplaintRules, Severity


def _choice(name: str, *labels: str, amount: bool = False) -> Choice:
    return Choice(name=name, label=dict(zip(("en", "zh", "th"), labels, strict=True)), amount=amount)


def _severity(name: str, *labels: str, acknowledge_ms: int, answer_ms: int) -> Severity:
    label = dict(zip(("en", "zh", "th"), labels, strict=True))
    return Severity(name=name, label=label, acknowledge_ms=acknowledge_ms, answer_ms=answer_ms)


# The times are those of the clock: a calendar that is always there would have to be invented.
USUAL = ComplaintRules(
    kinds=(
        _choice("product", "Product", "产品", "สินค้า"),
        _choice("delivery", "Delivery", "配送", "การจัดส่ง"),
        _choice("billing", "Billing", "账单", "การเงิน"),
        _choice("service", "Service", "服务", "การบริการ"),
        _choice("other", "Other", "其他", "อื่น ๆ"),
    ),
    severities=(
        _severity("minor", "Minor", "轻微", "เล็กน้อย", acknowledge_ms=2 * DAY_MS, answer_ms=14 * DAY_MS),
        _severity("serious", "Serious", "严重", "ร้ายแรง", acknowledge_ms=DAY_MS, answer_ms=7 * DAY_MS),
        _severity("critical", "Critical", "紧急", "วิกฤต", acknowledge_ms=4 * HOUR_MS, answer_ms=2 * DAY_MS),
    ),
    causes=(
        _choice("defect", "Product defect", "产品缺陷", "สินค้าชำรุด"),
        _choice("process", "Our process", "我方流程", "กระบวนการของเรา"),
        _choice("information", "Wrong information", "信息有误", "ข้อมูลผิดพลาด"),
        _choice("conduct", "Conduct of staff", "员工行为", "พฤติกรรมพนักงาน"),
        _choice("partner", "A partner", "合作方", "พันธมิตร"),
        _choice("customer", "On the customer's side", "客户方原因", "ฝั่งลูกค้า"),
        _choice("unknown", "Not found", "未查明", "ไม่พบสาเหตุ"),
    ),
    remedies=(
        _choice("apology", "Apology", "道歉", "ขอโทษ"),
        _choice("explanation", "Explanation", "说明", "ชี้แจง"),
        _choice("replacement", "Replacement", "换货", "เปลี่ยนสินค้า"),
        _choice("refund", "Refund", "退款", "คืนเงิน", amount=True),
        _choice("voucher", "Voucher", "代金券", "บัตรกำนัล", amount=True),
    ),
    currency="EUR",
    close_ms=14 * DAY_MS,
    # Two years of warranty and what follows it: the same 25 months as the journal (DESIGN section 6).
    keep_ms=760 * DAY_MS,
)


def rules_of(bundle: Bundle) -> ComplaintRules:
    """Return what a site says of its complaints, and the usual for what it does not say."""
    said, usual = msgspec.structs.asdict(bundle.complaints), msgspec.structs.asdict(USUAL)
    return ComplaintRules(**{name: value or usual[name] for name, value in said.items()})
