"""What the chat says, in the visitor's language: a few dozen texts instead of the desk's whole catalogue."""

from django.utils.translation import gettext as _


def launcher() -> dict[str, str]:
    """For the button on the host's page."""
    return {
        "open": _("Chat with us"),
        "close": _("Close chat"),
        "title": _("Chat"),
        "unread": _("Chat with us. Unread messages: {count}"),
        # For whoever makes the page.
        "unnamed": _("The script's line names no web chat. Add data-deployment, as in the admin under Web chats."),
    }


def chat() -> dict[str, str]:
    """For the chat itself. Braces are filled in by the page's script."""
    return {
        "connecting": _("Connecting…"),
        "offline": _("No connection. What you write goes out as soon as it is back."),
        "restarting": _("One moment, we are reconnecting…"),
        "too_many_visitors": _("Chat is not available right now. Please try again later."),
        "waiting": _("Somebody will answer you here."),
        "with_agent": _("{name} is here"),
        "closed": _("We are closed now. Write to us all the same: we answer when we are back."),
        "back_at": _("We are back {when}."),
        "ended": _("This conversation has ended. Write again, and a new one begins."),
        "new_conversation": _("New conversation"),
        "you": _("You"),
        "agent": _("Agent"),
        "bot": _("Assistant"),
        "typing": _("{name} is typing"),
        "pending": _("Not sent yet"),
        "sent": _("Sent"),
        "seen": _("Read"),
        "failed": _("Not sent: {reason}"),
        "try_again": _("Try again"),
        "discard": _("Discard"),
        "too_long": _("{count} characters too many"),
        "picture": _("Picture"),
        "picture_whole": _("Show the whole picture"),
        "picture_close": _("Close the picture"),
        "file": _("File"),
        "file_pending": _("File is on its way"),
        "file_failed": _("File could not be fetched"),
        "file_remove": _("Remove {name}"),
        "file_uploading": _("Uploading {name}"),
        "file_many": _("At most {limit} files go out at once. Send the others afterwards."),
        "file_empty": _("This file is empty."),
        "file_kind": _("Files of this kind cannot be sent here. Send a picture or a PDF."),
        "file_large": _("Larger than {limit}, the most that can be sent here. Make it smaller, or send a link."),
        "file_total": _("Together larger than {limit}, the most for one message. Send it in the next one."),
        "file_lost": _("The line broke. The file is not there yet."),
        "file_refused": _("The file was not taken. Load the page again and try once more."),
    }
