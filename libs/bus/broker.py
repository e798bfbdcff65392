"""FastStream's broker on our connection."""

from faststream.nats import NatsBroker

from libs.bus.connection import Connection, connect


class Broker(NatsBroker):
    """It connects by `libs.bus.connection`."""

    async def _connect(self) -> Connection:
        connection = await connect(**self._connection_kwargs)
        self.config.connect(connection)
        return connection
