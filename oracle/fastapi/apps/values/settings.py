from enum import Enum

API = "/api/" + "v1"


class Area(Enum):
    ORDERS = "orders"
