"""Texts of Django that people meet here, and that our catalogues say in the product's own voice: text and plural."""

REWORDED = (
    # Signing in, passwords, users.
    ("Please enter a correct %(username)s and password. Note that both fields may be case-sensitive.", ""),
    ("Your password can’t be too similar to your other personal information.", ""),
    (
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
    ),
    ("Your password can’t be a commonly used password.", ""),
    ("Enter the same password as before, for verification.", ""),
    ("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.", ""),
    ("Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.", ""),
    (
        "Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
        "",
    ),
    # Forms.
    ("Please correct the error below.", "Please correct the errors below."),
    ("Enter a valid value.", ""),
    ("Enter a whole number.", ""),
    ("Enter a number.", ""),
    ("Enter a list of values.", ""),
    ("Enter a valid JSON.", ""),
    ("Select a valid choice. That choice is not one of the available choices.", ""),
    ("Select a valid choice. %(value)s is not one of the available choices.", ""),
    ("Ensure this value is less than or equal to %(limit_value)s.", ""),
    ("Ensure this value is greater than or equal to %(limit_value)s.", ""),
    (
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
    ),
    # The admin.
    ("Select %s", ""),
    ("Select %s to change", ""),
    ("Select %s to view", ""),
    (
        "Deleting the %(object_name)s '%(escaped_object)s' would require deleting the following protected related"
        " objects:",
        "",
    ),
    (
        'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? All of the following related items'
        " will be deleted:",
        "",
    ),
    ("Yes, I’m sure", ""),
    ("No, take me back", ""),
    ("You may edit it again below.", ""),
    ("The {name} “{obj}” was added successfully.", ""),
    ("The {name} “{obj}” was changed successfully.", ""),
    ("The {name} “{obj}” was added successfully. You may add another {name} below.", ""),
    ("The {name} “{obj}” was changed successfully. You may add another {name} below.", ""),
    ("The {name} “{obj}” was changed successfully. You may edit it again below.", ""),
    ("The %(name)s “%(obj)s” was deleted successfully.", ""),
    ("You don’t have permission to view or edit anything.", ""),
)
