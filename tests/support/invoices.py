"""Invoices as the Online Retail data set has them: invented, day first, with cancellations."""

from datetime import UTC, datetime, timedelta
from random import Random

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def invoices(customers: int = 60, products: int = 40, seed: int = 5) -> str:
    """Return a file: customers buy some products again, and send some back."""
    random, lines, number = Random(seed), [HEADER], 536365
    codes = [f"{85000 + n}{'ABC'[n % 3]}" if n % 4 else str(22000 + n) for n in range(products)]
    start = datetime(2010, 12, 1, 8, tzinfo=UTC)
    for customer in range(12345, 12345 + customers):
        day = start + timedelta(days=random.randrange(60))
        for _ in range(random.randrange(6, 12)):
            day += timedelta(days=random.randrange(1, 20), minutes=random.randrange(300))
            number += 1
            for code in random.sample(codes[: 10 + customer % 30], random.randrange(1, 4)):
                lines.append(_line(number, code, 6, day, customer))
                if random.random() < 0.05:
                    lines.append(_line(f"C{number}", code, -6, day, customer))
    return "\n".join(lines) + "\n"


def _line(number, code, quantity, day, customer):
    text = day.strftime("%d/%m/%Y %H:%M")
    return f'{number},{code},"LANTERN, WHITE",{quantity},{text},2.55,{customer},United Kingdom'
