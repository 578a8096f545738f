from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    role = models.CharField(max_length=10, default="user")

    def is_chief(self):
        return self.role == "admin"
