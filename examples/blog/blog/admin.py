"""The blog in the admin."""

from django.contrib import admin

from .models import Category, Comment, Post

admin.site.register([Category, Comment, Post])
