"""`python -m euterpe_auth` runs the service."""

from euterpe_service_kit.serve import serve

from euterpe_auth.app import create_app
from euterpe_auth.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
