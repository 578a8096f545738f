from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView

from shop.models import Item


class Plain:
    def render_to_response(self, context, **kwargs):
        return HttpResponse("page")


class Items(Plain, ListView):
    model = Item


class Mine(Plain, LoginRequiredMixin, ListView):
    def get_queryset(self):
        return Item.objects.filter(owner=self.request.user)


class One(Plain, LoginRequiredMixin, DetailView):
    queryset = Item.objects.all()


class New(LoginRequiredMixin, Plain, CreateView):
    model = Item
    fields = ["title"]
    success_url = "/items/"

    def form_valid(self, form):
        form.instance.owner = self.request.user
        return super().form_valid(form)


class Edit(LoginRequiredMixin, Plain, UpdateView):
    model = Item
    fields = ["title"]
    success_url = "/items/"

    def get_queryset(self):
        return super().get_queryset().filter(owner=self.request.user)


class Remove(LoginRequiredMixin, Plain, DeleteView):
    model = Item
    success_url = "/items/"
