//! NestJS 9 to 11: <https://docs.nestjs.com/>.
//!
//! Decorators leave metadata on classes and methods; when an application is created, its modules are walked and
//! everything in them is made, with what its constructor asks for. A request then meets middleware, guards,
//! interceptors, pipes and the handler, in this order, each first globally, then of the controller, then of
//! the method. Source: @nestjs/core 11.1, `router/router-execution-context.ts`, `injector/`, `scanner.ts`.

mod application;
mod bounds;
mod context;
mod decorators;
mod doors;
mod events;
mod exceptions;
mod gateways;
mod graphql;
mod handler;
mod inject;
mod libraries;
mod mapped;
mod marked;
mod metadata;
mod middleware;
mod modules;
mod mounts;
mod passport;
mod paths;
mod pipes;
mod run;
mod sockets;
mod throttler;

pub(crate) use bounds::make as bound;
use firedoor_eval::{ObjectId, Value};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::{Framework, Model};

/// The model.
pub static MODEL: Model = Model {
    name: "nestjs",
    calls: &[
        ("npm:@nestjs/core.NestFactory.create", application::create),
        (
            "npm:@nestjs/core.NestFactory.createApplicationContext",
            application::create_context,
        ),
        ("npm:@nestjs/core.RouterModule.register", modules::routes),
        ("nest:app.*", application::method),
        ("nest:adapter.*", application::adapter),
        ("nest:module-ref.*", application::find),
        ("npm:@nestjs/common.applyDecorators", decorators::combine),
        (
            "npm:@nestjs/common.createParamDecorator",
            decorators::parameter_decorator,
        ),
        ("nest:parameter-decorator", decorators::make_parameter),
        ("npm:@nestjs/common.SetMetadata", decorators::set_metadata),
        ("npm:@nestjs/common.forwardRef", decorators::forward),
        ("npm:@nestjs/common.mixin", decorators::first),
        // At run time a class whose fields may all be left out has the fields and the bounds of the other.
        ("npm:@nestjs/mapped-types.PartialType", decorators::first),
        ("npm:@nestjs/swagger.PartialType", decorators::first),
        ("npm:@nestjs/graphql.PartialType", decorators::first),
        ("npm:@nestjs/mapped-types.PickType", mapped::make),
        ("npm:@nestjs/swagger.PickType", mapped::make),
        ("npm:@nestjs/graphql.PickType", mapped::make),
        ("npm:@nestjs/mapped-types.OmitType", mapped::make),
        ("npm:@nestjs/swagger.OmitType", mapped::make),
        ("npm:@nestjs/graphql.OmitType", mapped::make),
        ("npm:@nestjs/mapped-types.IntersectionType", mapped::make),
        ("npm:@nestjs/swagger.IntersectionType", mapped::make),
        ("npm:@nestjs/graphql.IntersectionType", mapped::make),
        ("nest:bound", bounds::apply),
        ("npm:@nestjs/common.*", decorators::make),
        ("npm:@nestjs/websockets.*", decorators::make),
        ("npm:@nestjs/throttler.Throttle", decorators::make),
        ("npm:@nestjs/throttler.SkipThrottle", decorators::make),
        ("npm:@nestjs/mongoose.Prop", decorators::make),
        ("npm:@nestjs/mongoose.Schema", decorators::make),
        ("npm:@nestjs/mongoose.InjectModel", decorators::make),
        ("npm:@nestjs/typeorm.InjectRepository", decorators::make),
        ("npm:nestjs-kysely.InjectKysely", decorators::make),
        ("npm:nest-knexjs.InjectConnection", decorators::make),
        ("npm:nestjs-knex.InjectKnex", decorators::make),
        (
            "npm:@nestjs/core.Reflector.createDecorator",
            decorators::create_decorator,
        ),
        ("nest:decorator", decorators::apply),
        ("nest:key", decorators::make_keyed),
        ("npm:@nestjs/core.Reflector", context::reflector),
        ("nest:reflector.*", context::reflect),
        ("js:Reflect.getMetadata", context::metadata_of),
        ("js:Reflect.defineMetadata", context::define_metadata),
        ("nest:context.*", context::method),
        ("nest:next.handle", run::handle),
        ("npm:@nestjs/passport.PassportStrategy", passport::strategy),
        ("nest:strategy<super>", passport::made),
        ("nest:validate", passport::validate),
        ("npm:@nestjs/passport.AuthGuard", passport::guard),
        ("nest:auth-guard", passport::guard_instance),
        ("nest:auth-guard().canActivate", passport::can_activate),
        ("nest:auth-guard().handleRequest", passport::handle_request),
        ("nest:auth-guard().getRequest", passport::get_request),
        ("nest:authenticated", passport::authenticated),
        ("npm:@nestjs/jwt.JwtModule.*", libraries::tokens_module),
        ("npm:@nestjs/jwt.JwtService", libraries::token_service),
        ("nest:make-tokens", libraries::token_service),
        ("nest:tokens.*", libraries::token_method),
        (
            "npm:@nestjs/config.ConfigModule.*",
            libraries::settings_module,
        ),
        ("npm:@nestjs/config.registerAs", libraries::settings_part),
        ("npm:@nestjs/config.ConfigService", libraries::settings),
        ("npm:@nestjs/config.ConfigService().*", libraries::setting),
        ("nest:settings.*", libraries::setting),
        (
            "npm:@nestjs/mongoose.SchemaFactory.createForClass",
            libraries::schema_of,
        ),
        (
            "npm:@nestjs/mongoose.MongooseModule.forFeature",
            libraries::models,
        ),
        ("npm:@nestjs/event-emitter.OnEvent", decorators::make),
        ("npm:@nestjs/event-emitter.EventEmitter2", events::emitter),
        ("nest:events.*", events::method),
        ("npm:@nestjs/bullmq.*", decorators::make),
        ("npm:@nestjs/bull.*", decorators::make),
        ("nest:queue.*", events::add),
        (
            "npm:@nestjs/platform-socket.io.IoAdapter().createIOServer",
            sockets::make_server,
        ),
        ("npm:@nestjs/throttler.ThrottlerModule.*", throttler::module),
        ("npm:@nestjs/throttler.ThrottlerGuard", throttler::guard),
        (
            "npm:@nestjs/throttler.ThrottlerGuard<super>",
            throttler::made,
        ),
        (
            "npm:@nestjs/throttler.ThrottlerGuard().canActivate",
            throttler::can_activate,
        ),
        ("npm:@nestjs/throttler.seconds", throttler::seconds),
        ("npm:@nestjs/throttler.minutes", throttler::seconds),
        ("npm:@nestjs/throttler.hours", throttler::seconds),
        ("npm:@nestjs/throttler.days", throttler::seconds),
        (
            "npm:@nestjs/graphql.GqlExecutionContext.create",
            graphql::of_context,
        ),
        ("nest:query-context.*", graphql::method),
        ("npm:@nestjs/graphql.GraphQLModule.*", graphql::module),
        ("npm:@nestjs/graphql.*", graphql::make),
        (
            "npm:@nestjs/core.BaseExceptionFilter().catch",
            exceptions::answer,
        ),
        ("nest:consumer.apply", middleware::apply),
        ("nest:proxy.exclude", middleware::exclude),
        ("nest:proxy.forRoutes", middleware::for_routes),
        (
            "npm:@nestjs/websockets.WsException<super>",
            exceptions::made,
        ),
        ("npm:@nestjs/common.HttpException<super>", exceptions::made),
        ("nest:exception.*", exceptions::method),
        ("npm:@nestjs/common.HttpException().*", exceptions::method),
        ("nest:pipe.transform", pipes::transform),
    ],
    subclasses: exceptions::SUBCLASSES,
    folders: &[
        ("npm:@nestjs/common/", "npm:@nestjs/common"),
        ("npm:@nestjs/core/", "npm:@nestjs/core"),
    ],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

pub(crate) static FRAMEWORK: Framework = Framework {
    name: "nestjs",
    doors: doors::doors,
    begin: run::begin,
    step: run::step,
    mountings: doors::mountings,
    as_layer: |_, _, _| None,
    status_of: exceptions::status_of,
};

/// What this model remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// What decorators have left on classes and functions, by key.
    metadata: FxHashMap<ObjectId, IndexMap<Ustr, Value>>,
    /// Fields that are injected, by prototype: the name, and the decorator.
    fields: FxHashMap<ObjectId, Vec<(Ustr, Value)>>,
    /// The limits of numbers, by prototype: the name of the field, and the limit.
    bounds: FxHashMap<ObjectId, Vec<(Ustr, Value)>>,
    /// Classes with `@Module`, in the order in which they were made.
    module_classes: indexmap::IndexSet<ObjectId>,
    /// The modules of applications.
    modules: Vec<modules::Module>,
    /// How many of the modules are made.
    made: usize,
    /// What is provided, in order.
    providers: Vec<modules::Provider>,
    /// The instances of classes that nothing provides.
    instances: FxHashMap<ObjectId, Value>,
    /// Classes whose instance is being made.
    making: Vec<ObjectId>,
    /// Instances that wait for another: the field, and the class of the other.
    late: Vec<(ObjectId, Ustr, ObjectId)>,
    /// Paths that `RouterModule` gives to modules.
    module_paths: FxHashMap<ObjectId, Ustr>,
    /// What modules apply to routes, in order.
    consumers: Vec<middleware::Consumer>,
    /// The options of `GraphQLModule`.
    queries: Option<Value>,
    /// What `ConfigModule` has loaded.
    settings: Vec<Value>,
    /// What a schema of the settings fills in.
    filled: FxHashMap<Ustr, Value>,
    /// The server object of each gateway.
    servers: FxHashMap<ObjectId, ObjectId>,
    /// Which fields the classes have that are made of the fields of others.
    choices: FxHashMap<ObjectId, mapped::Choice>,
    /// The gateways that functions which are told of connections are of.
    connections: FxHashMap<ObjectId, ObjectId>,
    /// Messages that look at a credential.
    authenticating: Vec<crate::Door>,
}

impl Memory {
    /// The values that stay for later requests.
    pub(crate) fn keeps(&self) -> impl Iterator<Item = &Value> {
        let provided = self.providers.iter().filter_map(|it| it.instance.as_ref());
        let metadata = self.metadata.values().flat_map(IndexMap::values);
        let kept = provided.chain(self.instances.values()).chain(metadata);
        kept.chain(&self.settings).chain(&self.queries)
    }
}
