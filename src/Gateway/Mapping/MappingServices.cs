using ProtoBridgeMQ.Bridge.Mapping.Rules;

namespace ProtoBridgeMQ.Gateway.Mapping;

/// <summary>How the composition root brings mapping rules in.</summary>
internal static class MappingServices
{
    /// <summary>Registers the mapping with the rules of a settings file, and has changes of it come into force.</summary>
    /// <param name="services">Where.</param>
    /// <param name="file">The settings file; null: no rules.</param>
    /// <returns>What is wrong with the file, a sentence each; empty when nothing is.</returns>
    public static IReadOnlyList<string> AddMappingRules(this IServiceCollection services, string? file)
    {
        RuleSet? rules = null;
        if (file is not null && RulesFile.TryRead(file, out rules) is { Count: > 0 } wrong)
            return wrong;
        services.AddSingleton(new NameMapping(rules));
        services.AddSingleton<MappingMetrics>();
        services.AddSingleton<IMappingEditor>(provider => new RulesEditor(
            file, provider.GetRequiredService<NameMapping>(), provider.GetRequiredService<MappingMetrics>(), provider.GetRequiredService<ILogger<RulesEditor>>()));
        if (file is not null)
        {
            services.AddHostedService(provider => new RulesReload(
                file,
                provider.GetRequiredService<NameMapping>(),
                provider.GetRequiredService<MappingMetrics>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<RulesReload>>()));
        }

        return [];
    }
}
