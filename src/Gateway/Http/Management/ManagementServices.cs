using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Administration;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Registers what manages.</summary>
internal static class ManagementServices
{
    public static IServiceCollection AddManagement(this IServiceCollection services)
    {
        services.AddSingleton(provider => new RefusalRing(provider.GetRequiredService<IOptions<HttpOptions>>().Value.MaxRefusals, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ManagementDesk>();
        services.AddSingleton<OverviewSource>();
        services.AddSingleton<AlarmWatch>();
        services.AddHostedService<OverviewSampler>();
        services.AddSingleton<OverviewHandler>();
        services.AddSingleton<TopicsHandler>();
        services.AddSingleton<GroupsHandler>();
        services.AddSingleton<OffsetsHandler>();
        services.AddSingleton<ClientsHandler>();
        services.AddSingleton<MessagesHandler>();
        services.AddSingleton<DeadLetterResend>();
        services.AddSingleton<DeadLettersHandler>();
        services.AddSingleton<SessionsHandler>();
        services.AddSingleton<RetainedHandler>();
        services.AddSingleton<MappingRulesHandler>();
        services.AddSingleton<ConfigurationHandler>();
        services.AddSingleton<RefusalsHandler>();
        return services;
    }
}
