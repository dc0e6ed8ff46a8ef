"""The API of search, trends and recommendations."""
