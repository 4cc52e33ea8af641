"""The shapes of answers about campaigns, for the OpenAPI document."""

from rest_framework import serializers

from api.shapes import Shape
from campaigns.core import states


class ResultsSerializer(Shape):
    waiting = serializers.IntegerField()
    skipped = serializers.IntegerField()
    queued = serializers.IntegerField()
    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    canceled = serializers.IntegerField()


class ProgressSerializer(Shape):
    """How many rows came to what; `replied` counts beside the others."""

    total = serializers.IntegerField()
    results = ResultsSerializer()
    replied = serializers.IntegerField()


class CampaignSerializer(Shape):
    """A campaign and how far it is."""

    sid = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=states.STATES)
    sender = serializers.CharField(help_text="our address, or the messaging service's sid")
    channel = serializers.CharField()
    body = serializers.CharField()
    content_sid = serializers.CharField()
    calendar = serializers.CharField(allow_null=True)
    rate = serializers.IntegerField()
    date_created = serializers.DateTimeField()
    start_at = serializers.DateTimeField(allow_null=True)
    date_started = serializers.DateTimeField(allow_null=True)
    date_ended = serializers.DateTimeField(allow_null=True)
    progress = ProgressSerializer()


class RejectedSerializer(Shape):
    """A row that has no place in the campaign, and why."""

    line = serializers.IntegerField(help_text="of the request, from 1")
    to = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class NewCampaignSerializer(CampaignSerializer):
    """The campaign, and the rows that it did not take."""

    rejected = RejectedSerializer(many=True)


class CampaignListSerializer(Shape):
    campaigns = CampaignSerializer(many=True)
    next_page_token = serializers.CharField(allow_null=True)


class RecipientSerializer(Shape):
    """A row: `reason` says why it was skipped, `error_code` is the provider's number."""

    line = serializers.IntegerField()
    to = serializers.CharField()
    variables = serializers.DictField(child=serializers.CharField())
    result = serializers.ChoiceField(choices=states.RESULTS)
    reason = serializers.CharField()
    error_code = serializers.CharField()
    message_sid = serializers.CharField(allow_null=True)
    conversation_sid = serializers.CharField(allow_null=True)
    date_taken = serializers.DateTimeField(allow_null=True)
    date_replied = serializers.DateTimeField(allow_null=True)


class RecipientListSerializer(Shape):
    recipients = RecipientSerializer(many=True)
    next_after = serializers.IntegerField(allow_null=True, help_text="`after` of the next page; null on the last")
