"""What the tables are made of: their types, their names' pattern, and whose each row is."""

from sqlalchemy import JSON, BigInteger, Column, Integer, MetaData, Text

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only for INTEGER
Json = JSON(none_as_null=True)
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    },
)


def owner() -> Column[str]:
    return Column("owner", Text, nullable=False)
