"""Sums the orders by customer."""
import csv
import sys
from collections import defaultdict


def totals(path):
    sums = defaultdict(float)
    with open(path, newline="") as orders:
        for order in csv.DictReader(orders):
            sums[order["customer"]] += float(order["amount"])
    return dict(sums)


if __name__ == "__main__":
    for customer, total in sorted(totals(sys.argv[1]).items()):
        print(f"{customer}: {total:.2f}")
