from django.urls import path

from interactions import api

urlpatterns = [
    path("posts/<int:post_id>/bookmark", api.BookmarkView.as_view(), name="api_post_bookmark"),
    path("posts/<int:post_id>/like", api.LikeView.as_view(), name="api_post_like"),
    path("posts/<int:post_id>/likes", api.LikersView.as_view(), name="api_post_likes"),
    path("posts/<int:post_id>/comments", api.CommentsView.as_view(), name="api_comments"),
    path("posts/<int:post_id>/mute", api.ConversationMuteView.as_view(), name="api_conversation_mute"),
    path("comments/<int:comment_id>", api.CommentView.as_view(), name="api_comment"),
    path("comments/<int:comment_id>/replies", api.RepliesView.as_view(), name="api_replies"),
    path("comments/<int:comment_id>/hidden", api.HiddenView.as_view(), name="api_comment_hidden"),
    path("comments/<int:comment_id>/like", api.CommentLikeView.as_view(), name="api_comment_like"),
    path("users/<str:username>/comments", api.PersonCommentsView.as_view(), name="api_user_comments"),
    path("me/bookmarks", api.BookmarksView.as_view(), name="api_bookmarks"),
    path("me/likes", api.LikesView.as_view(), name="api_likes"),
]
