"""Comments as requests and responses of the HTTP API."""

import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from euterpe_library.domain.filters import Sort
from euterpe_library.domain.page import MAX_CURSOR_LENGTH, Page, Position
from euterpe_library.domain.social import (
    MAX_BAR,
    Comment,
    CommentSort,
    CommentState,
    CommentText,
    NewComment,
    Pin,
)
from euterpe_library.domain.song import MAX_DURATION_SECONDS
from euterpe_library.routes.profile_schemas import PICTURE_FIELD, picture_url
from euterpe_library.routes.queries import Limit, known_position

_ID = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
_AUTHOR_ID = "0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01"
_ORDERS: dict[str, type] = {Sort.NEWEST: datetime, Sort.OLDEST: datetime}


class CommentPosition(BaseModel):
    """Where in the piece a comment is pinned: a bar or a time."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"bar": 5}, {"seconds": 12.5}]})

    bar: int | None = Field(default=None, ge=1, le=MAX_BAR, strict=True, description="Bar, counted from 1.")
    seconds: float | None = Field(
        default=None, ge=0, le=MAX_DURATION_SECONDS, allow_inf_nan=False, description="Seconds from the beginning."
    )

    @model_validator(mode="after")
    def _one(self) -> "CommentPosition":
        if (self.bar is None) == (self.seconds is None):
            raise PydanticCustomError("position", "Must contain either `bar` or `seconds`")
        return self


class NewCommentBody(BaseModel):
    """A comment to add."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "What a lovely ending, @clara!", "position": {"bar": 16}}]},
    )

    text: CommentText
    parent_id: uuid.UUID | None = Field(
        default=None, description="The comment to reply to. A reply has no replies of its own.", examples=[_ID]
    )
    position: CommentPosition | None = Field(default=None, description="Where in the piece to pin the comment.")

    def comment(self) -> NewComment:
        """Return the comment."""
        position = self.position or CommentPosition.model_construct()
        return NewComment(self.text, self.parent_id, Pin(position.bar, position.seconds))


class CommentChanges(BaseModel):
    """The new text of a comment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "What a lovely beginning!"}]})

    text: CommentText


class MentionAnswer(BaseModel):
    """A mentioned user; the text has `@` and the name, in upper or lower case."""

    id: str = Field(examples=[_AUTHOR_ID])
    name: str = Field(examples=["clara"])


class CommentAnswer(BaseModel):
    """A comment on a song: plain text, never markup."""

    id: uuid.UUID = Field(examples=[_ID])
    song_id: uuid.UUID = Field(examples=[_ID])
    author_id: str = Field(examples=[_AUTHOR_ID])
    author: str = Field(examples=["Clara Schumann"], description="The display name, or else the account's name.")
    author_username: str = Field(examples=["clara"], description="The account's name, for mentions.")
    author_picture_url: str | None = Field(**PICTURE_FIELD)
    text: str = Field(examples=["What a lovely ending!"])
    state: CommentState = Field(description="A comment that is not `visible` has neither text nor author.")
    parent_id: uuid.UUID | None = Field(description="The comment that this one replies to.")
    position: CommentPosition | None = Field(description="Where in the piece it is pinned.")
    mentions: list[MentionAnswer]
    created_at: datetime
    edited_at: datetime | None = Field(description="When it was last edited; null if it never was.")
    reply_count: int = Field(examples=[2], description="Number of replies, of which a listing has the first 20.")
    replies: list["CommentAnswer"] = Field(description="The first replies, oldest first; empty for a reply.")

    @classmethod
    def of(cls, comment: Comment) -> "CommentAnswer":
        """Convert a comment, without text and author if it is not visible."""
        is_visible = comment.state is CommentState.VISIBLE
        pinned = comment.pin != Pin()
        return cls(
            id=comment.id,
            song_id=comment.song_id,
            author_id=comment.author_id if is_visible else "",
            author=comment.author if is_visible else "",
            author_username=comment.author_name if is_visible else "",
            author_picture_url=picture_url(comment.author_id, comment.author_picture_key) if is_visible else None,
            text=comment.body if is_visible else "",
            state=comment.state,
            parent_id=comment.parent_id,
            position=CommentPosition(bar=comment.pin.bar, seconds=comment.pin.seconds) if pinned else None,
            mentions=[MentionAnswer(id=each.id, name=each.name) for each in comment.mentions] if is_visible else [],
            created_at=comment.created_at,
            edited_at=comment.edited_at if is_visible else None,
            reply_count=comment.reply_count,
            replies=[cls.of(reply) for reply in comment.replies],
        )


class CommentPage(BaseModel):
    """A page of comments, or of the replies to a comment."""

    items: list[CommentAnswer]
    next_cursor: str | None = Field(
        default=None, description="`cursor` of the next page; null on the last one.", examples=["WyJuZXdlc3QiLDE3Nl0"]
    )

    @classmethod
    def of(cls, page: Page[Comment]) -> "CommentPage":
        """Convert a page."""
        cursor = page.next.cursor() if page.next else None
        return cls(items=[CommentAnswer.of(item) for item in page.items], next_cursor=cursor)


class CommentQuery(BaseModel):
    """Order and page of comments."""

    model_config = ConfigDict(extra="forbid")

    sort: CommentSort = Field(default=CommentSort.NEWEST, description="Order of the comments.")
    parent: uuid.UUID | None = Field(default=None, description="List the replies to this comment.", examples=[_ID])
    limit: Limit = 20
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_LENGTH,
        description="`next_cursor` of the previous page. Default: the first page.",
        examples=["WyJuZXdlc3QiLDE3Nl0"],
    )

    @field_validator("cursor")
    @classmethod
    def _of_this_order(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and known_position(value, _ORDERS).order != info.data.get("sort"):
            raise PydanticCustomError(
                "cursor", "Must be the unchanged `next_cursor` of the previous page of this listing"
            )
        return value

    @property
    def after(self) -> Position | None:
        """Position after which the page begins."""
        return None if self.cursor is None else Position.from_cursor(self.cursor, _ORDERS)
