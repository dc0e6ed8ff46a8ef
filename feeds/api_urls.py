from django.urls import path

from feeds import api

urlpatterns = [
    path("feed", api.FeedView.as_view(), name="api_feed"),
    path("feed/head", api.FeedHeadView.as_view(), name="api_feed_head"),
    path("feed/marker", api.MarkerView.as_view(), name="api_feed_marker"),
    path("media", api.MediaListView.as_view(), name="api_media_list"),
    path("media/<int:media_id>", api.MediaView.as_view(), name="api_media"),
    path("posts", api.PostsView.as_view(), name="api_posts"),
    path("posts/<int:post_id>", api.PostView.as_view(), name="api_post"),
    path("posts/<int:post_id>/history", api.HistoryView.as_view(), name="api_post_history"),
    path("posts/<int:post_id>/pin", api.PinView.as_view(), name="api_post_pin"),
    path("posts/<int:post_id>/share", api.ShareView.as_view(), name="api_post_share"),
    path("posts/<int:post_id>/shares", api.SharesView.as_view(), name="api_post_shares"),
    path("drafts", api.DraftsView.as_view(), name="api_drafts"),
    path("drafts/<int:draft_id>", api.DraftView.as_view(), name="api_draft"),
    path("drafts/<int:draft_id>/publish", api.DraftPublishView.as_view(), name="api_draft_publish"),
    path("users/<str:username>/posts", api.PersonPostsView.as_view(), name="api_user_posts"),
    path("users/<str:username>/media", api.PersonMediaView.as_view(), name="api_user_media"),
    path("hashtags/<str:tag>", api.HashtagView.as_view(), name="api_hashtag"),
    path("hashtags/<str:tag>/posts", api.HashtagPostsView.as_view(), name="api_hashtag_posts"),
    path("hashtags/<str:tag>/people", api.HashtagPeopleView.as_view(), name="api_hashtag_people"),
    path("hashtags/<str:tag>/follow", api.HashtagFollowView.as_view(), name="api_hashtag_follow"),
    path("groups/<str:slug>/posts", api.GroupPostsView.as_view(), name="api_group_posts"),
    path("filters", api.FiltersView.as_view(), name="api_filters"),
    path("filters/preview", api.FilterPreviewView.as_view(), name="api_filter_preview"),
    path("filters/<int:filter_id>", api.FilterView.as_view(), name="api_filter"),
    path("me/insights", api.InsightsView.as_view(), name="api_insights"),
    path("me/hashtags", api.MyHashtagsView.as_view(), name="api_my_hashtags"),
    path("live", api.LiveView.as_view(), name="api_live"),
]
