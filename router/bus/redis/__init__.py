"""The link between nodes over Redis or Valkey: streams for batches and questions, channels for answers and hints."""

from router.bus.redis.address import Address, BadAddress, parse_address
from router.bus.redis.link import RedisLink

__all__ = ["Address", "BadAddress", "RedisLink", "parse_address"]
