from euterpe_library.storage import (  # noqa: F401 - add their tables to the metadata
    community_models,
    social_models,
    version_models,
    webhook_models,
)
from euterpe_library.storage.models import Base
from euterpe_service_kit.migrations import run_migrations

run_migrations(Base.metadata, schema="library", url_variable="EUTERPE_LIBRARY_DATABASE_URL")
