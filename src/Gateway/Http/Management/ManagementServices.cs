namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>Registers what manages.</summary>
internal static class ManagementServices
{
    public static IServiceCollection AddManagement(this IServiceCollection services)
    {
        services.AddSingleton<ManagementDesk>();
        services.AddSingleton<OverviewSource>();
        services.AddSingleton<OverviewHandler>();
        services.AddSingleton<TopicsHandler>();
        services.AddSingleton<GroupsHandler>();
        services.AddSingleton<OffsetsHandler>();
        services.AddSingleton<ClientsHandler>();
        return services;
    }
}
