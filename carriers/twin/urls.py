"""Both faces of the twin: ``/twin/…`` for the SDK, ``/phones/…`` for people. Included at the root."""

from django.urls import path

from carriers.twin import messaging, phones, rest

_ACCOUNT = "twin/2010-04-01/Accounts/<str:account_sid>"
_SERVICE = "twin/messaging/v1/Services/<str:sid>"

urlpatterns = [
    path(f"{_ACCOUNT}/Messages.json", rest.messages, name="twin-messages"),
    path(f"{_ACCOUNT}/Messages/<str:sid>.json", rest.message, name="twin-message"),
    path(f"{_ACCOUNT}/Messages/<str:sid>/Media.json", rest.media_list, name="twin-media-list"),
    path(f"{_ACCOUNT}/Messages/<str:sid>/Media/<str:media_sid>", rest.media, name="twin-media"),
    path(f"{_ACCOUNT}/IncomingPhoneNumbers.json", rest.numbers, name="twin-numbers"),
    path(f"{_ACCOUNT}/IncomingPhoneNumbers/<str:sid>.json", rest.number, name="twin-number"),
    path("twin/messaging/v1/Services", messaging.services, name="twin-services"),
    path("twin/messaging/v1/Services/<str:sid>", messaging.service, name="twin-service"),
    path(f"{_SERVICE}/PhoneNumbers", messaging.pool_numbers, name="twin-pool-numbers"),
    path(f"{_SERVICE}/PhoneNumbers/<str:item>", messaging.pool_item, name="twin-pool-number"),
    path(f"{_SERVICE}/ChannelSenders", messaging.pool_senders, name="twin-pool-senders"),
    path(f"{_SERVICE}/ChannelSenders/<str:item>", messaging.pool_item, name="twin-pool-sender"),
    path("twin/messaging/v2/Channels/Senders", messaging.senders, name="twin-senders"),
    path("twin/messaging/v2/Channels/Senders/<str:sid>", messaging.sender, name="twin-sender"),
    path("twin/content/v1/ContentAndApprovals", rest.contents, name="twin-contents"),
    path("twin/faults", rest.fault_panel, name="twin-faults"),
    path("twin/files/<str:token>", rest.file, name="twin-file"),
    path("phones/", phones.page, name="phones"),
    path("phones/send", phones.send, name="twin-phone-send"),
    path("phones/press", phones.press, name="twin-phone-press"),
    path("phones/messages", phones.messages, name="twin-phone-messages"),
    path("phones/read", phones.read, name="twin-phone-read"),
    path("phones/customers", phones.customers, name="twin-phone-customers"),
    path("phones/customers/rename", phones.rename, name="twin-phone-rename"),
    path("phones/faults", phones.get_faults, name="twin-phone-faults"),
    path("phones/faults/set", phones.set_faults, name="twin-phone-faults-set"),
    path("phones/media/<str:media_sid>", phones.media, name="twin-phone-media"),
]
