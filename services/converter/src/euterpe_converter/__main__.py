"""`python -m euterpe_converter` serves."""

from euterpe_service_kit.serve import serve

from euterpe_converter.app import create_app
from euterpe_converter.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
