//! Abstract models, managers and query sets of libraries, which stand for no table themselves: what the program derives
//! from them are models like any other.
//!
//! Sources: django-model-utils 5.0, django-extensions 4.1, django-mptt 0.17, django-polymorphic 4.1,
//! django-polymorphic-tree 2.1, django-treebeard 4.7, django-safedelete 1.4, django-ordered-model 3.7,
//! django-solo 2.4, django-parler 2.3, django-lifecycle 1.2, django-taggit 6.1, django-tenants 3.7 and
//! django-typed-models 0.15, `models.py`, `managers.py`.

use crate::Model;

/// Aliases of paths, each for all of a list.
macro_rules! bases {
    ($($own:literal: $($path:literal),+;)*) => {
        /// The model.
        pub static MODEL: Model = Model {
            name: "django",
            aliases: &[$($(($path, $own)),+),*],
            ..Model::EMPTY
        };
    };
}

bases!(
    "py:django.db.models.Model":
        "py:model_utils.models.TimeStampedModel",
        "py:model_utils.models.TimeFramedModel",
        "py:model_utils.models.StatusModel",
        "py:model_utils.models.SoftDeletableModel",
        "py:model_utils.models.UUIDModel",
        "py:django_extensions.db.models.TimeStampedModel",
        "py:django_extensions.db.models.ActivatorModel",
        "py:django_extensions.db.models.TitleDescriptionModel",
        "py:django_extensions.db.models.TitleSlugDescriptionModel",
        "py:mptt.models.MPTTModel",
        "py:polymorphic.models.PolymorphicModel",
        "py:polymorphic_tree.models.PolymorphicMPTTModel",
        "py:treebeard.mp_tree.MP_Node",
        "py:treebeard.al_tree.AL_Node",
        "py:treebeard.ns_tree.NS_Node",
        "py:safedelete.models.SafeDeleteModel",
        "py:ordered_model.models.OrderedModel",
        "py:solo.models.SingletonModel",
        "py:parler.models.TranslatableModel",
        "py:django_lifecycle.LifecycleModel",
        "py:django_lifecycle.models.LifecycleModel",
        "py:taggit.models.TagBase",
        "py:taggit.models.ItemBase",
        "py:django_tenants.models.TenantMixin",
        "py:django_tenants.models.DomainMixin",
        "py:typedmodels.models.TypedModel";
    "py:django.db.models.Manager":
        "py:model_utils.managers.InheritanceManager",
        "py:model_utils.managers.SoftDeletableManager",
        "py:mptt.managers.TreeManager",
        "py:polymorphic.managers.PolymorphicManager",
        "py:polymorphic_tree.managers.PolymorphicMPTTModelManager",
        "py:treebeard.mp_tree.MP_NodeManager",
        "py:treebeard.al_tree.AL_NodeManager",
        "py:treebeard.ns_tree.NS_NodeManager",
        "py:safedelete.managers.SafeDeleteManager",
        "py:parler.managers.TranslatableManager";
    "py:django.db.models.QuerySet":
        "py:model_utils.managers.InheritanceQuerySet",
        "py:model_utils.managers.SoftDeletableQuerySet",
        "py:mptt.querysets.TreeQuerySet",
        "py:polymorphic.query.PolymorphicQuerySet",
        "py:polymorphic.managers.PolymorphicQuerySet",
        "py:polymorphic_tree.managers.PolymorphicMPTTQuerySet",
        "py:safedelete.queryset.SafeDeleteQueryset",
        "py:parler.managers.TranslatableQuerySet";
);
