"""GET /docs: the page of the HTTP API, by Swagger UI out of a package, as nothing may load from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles


def mount_reference(app: FastAPI) -> None:
    """Serve /docs and the files it needs, below /swagger."""
    # The package's own routes use what Python 3.13 took away; only its files are wanted.
    package = find_spec("fastapi_swagger")
    assert package and package.origin
    app.mount("/swagger", StaticFiles(directory=Path(package.origin).parent / "resources"))
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def reference() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title="Tricite: HTTP API",
            swagger_js_url="swagger/swagger-ui-bundle.js",
            swagger_css_url="swagger/swagger-ui.css",
            swagger_favicon_url="swagger/favicon-32x32.png",
            swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
        )

    app.include_router(router)
