"""What describes pictures, whatever it runs on."""

from collections.abc import Callable

from mobile_actnet.descriptors import Descriptors
from mobile_actnet.pictures.preprocessing import Pixels

Describe = Callable[[Pixels], Descriptors]
