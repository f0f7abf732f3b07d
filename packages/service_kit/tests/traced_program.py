"""A service for test_tracing: HTTP → gRPC (to itself) → PostgreSQL and S3."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from euterpe.library.v1 import library_pb2, library_pb2_grpc
from euterpe_service_kit.app import create_base_app
from euterpe_service_kit.database import Database
from euterpe_service_kit.errors import NotFound
from euterpe_service_kit.object_store import ObjectStore
from euterpe_service_kit.rpc_client import peer_channel
from euterpe_service_kit.rpc_server import RpcServer
from euterpe_service_kit.serve import serve
from euterpe_service_kit.service_token import ServiceTokenSource
from euterpe_service_kit.settings import ObjectStoreSettings, PeerSettings, ServiceSettings
from euterpe_service_kit.tokens import SERVICE, RemoteKeys, TokenVerifier
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text


class Library(library_pb2_grpc.LibraryServiceServicer):
    """Queries the database and writes to the object store."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def ResolveArtifact(self, request: Any, context: Any) -> Any:  # noqa: N802 - the contract's name
        async with self._database.readers() as session:
            await session.execute(text("SELECT 1"))
        await self._store.put("traced", b"", content_type="text/plain")
        return library_pb2.ResolveArtifactResponse()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    database = Database(os.environ["DATABASE_URL"], schema="public", pre_ping=False)
    store = ObjectStore(ObjectStoreSettings(**json.loads(os.environ["S3"])), threads=1)
    peer = PeerSettings(token_url=os.environ["TOKEN_URL"], client_id="probe", client_secret=SecretStr("unused"))
    async with httpx.AsyncClient() as http:
        server = RpcServer(TokenVerifier(RemoteKeys(os.environ["JWKS_URL"], http), SERVICE))
        library_pb2_grpc.add_LibraryServiceServicer_to_server(Library(database, store), server.server)
        port = await server.start("127.0.0.1", 0)
        async with peer_channel(f"127.0.0.1:{port}", ServiceTokenSource(peer, http)) as channel:
            app.state.stub = library_pb2_grpc.LibraryServiceStub(channel)
            yield
        await server.stop(1)
    store.close()
    await database.close()


settings = ServiceSettings()
app = create_base_app("probe", settings, lifespan=lifespan, description="")


@app.get("/songs/{number}")
async def song(number: int) -> str:
    """Call a peer."""
    await app.state.stub.ResolveArtifact(library_pb2.ResolveArtifactRequest())
    return "found"


@app.get("/shared/{token}")
async def shared(token: str) -> None:
    """Fail; the path contains a secret token."""
    raise NotFound("There is no such share.")


@app.get("/sdk")
async def sdk() -> bool:
    """Return whether the SDK was imported."""
    return "opentelemetry.sdk.trace" in sys.modules


serve(app, settings)
