using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary><c>GET</c> and <c>PUT /v1/mapping</c>: the rules between MQTT and RocketMQ.</summary>
internal sealed class MappingRulesHandler(NameMapping mapping, IServiceProvider services, ManagementDesk desk, IOptions<HttpOptions> options)
{
    private readonly HttpOptions _options = options.Value;
    private readonly IMappingEditor? _editor = services.GetService<IMappingEditor>();

    public async Task GetAsync(HttpContext context)
    {
        await desk.ReadAsync(context);
        await AnswerAsync(context);
    }

    public async Task PutAsync(HttpContext context)
    {
        string user = await desk.ChangeAsync(context);
        MappingRules wanted = await ManagementBody.ReadAsync(context.Request, ManagementJson.Strict.MappingRules, null, _options.MaxJsonSize);
        ManagementDesk.CheckPreconditions(context.Request, ManagementBody.TagOf(Present(), ManagementJson.Strict.MappingRules));
        if (_editor is null)
            throw new BridgeException(BridgeError.Unsupported, "This gateway keeps no rules.");

        await _editor.ReplaceAsync([.. wanted.Rules.Select(rule => new MappingRule(rule.Name ?? string.Empty, rule.Mqtt, rule.Topic, rule.Tag ?? string.Empty, rule.Key ?? string.Empty))]);
        desk.Changed(context, user, "change-mapping", $"{wanted.Rules.Count} rules");
        await AnswerAsync(context);
    }

    private MappingRules Present() => new(
        [.. mapping.Rules.Rules.Select(rule => new MappingRuleShape(rule.Mqtt, rule.Topic, OrNull(rule.Name), OrNull(rule.Tag), OrNull(rule.Key)))]);

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    private Task AnswerAsync(HttpContext context)
    {
        MappingRules rules = Present();
        context.Response.Headers.ETag = ManagementBody.TagOf(rules, ManagementJson.Strict.MappingRules);
        return ManagementBody.WriteAsync(context, rules, ManagementJson.Strict.MappingRules);
    }
}
