from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import get_object_or_404

from shop.models import Item


def listed(request):
    return JsonResponse({"items": list(Item.objects.values_list("title", flat=True))})


@login_required
def mine(request):
    return JsonResponse({"items": [item.title for item in request.user.items.all()]})


@login_required
def one(request, pk):
    item = get_object_or_404(Item, pk=pk)
    if item.owner != request.user:
        raise PermissionDenied
    return JsonResponse({"title": item.title})


@login_required
def any_of_them(request, pk):
    return JsonResponse({"title": Item.objects.get(pk=pk).title})
