from euterpe_library.storage import social_models, version_models  # noqa: F401 - they add tables to the metadata
from euterpe_library.storage.models import Base
from euterpe_service_kit.migrations import run_migrations

run_migrations(Base.metadata, schema="library", url_variable="EUTERPE_LIBRARY_DATABASE_URL")
